# Stands for luci.mk of OpenWrt's feed luci: an app is its htdocs below /www and its root below /. No minifier here.
include $(INCLUDE_DIR)/package.mk

define Package/$(PKG_NAME)
  SECTION:=luci
  DEPENDS:=$(LUCI_DEPENDS)
  PKGARCH:=$(LUCI_PKGARCH)
  URL:=$(LUCI_URL)
endef

define Package/$(PKG_NAME)/description
  $(strip $(LUCI_DESCRIPTION))
endef

# its own has these commands in other words
define Package/$(PKG_NAME)/postinst
LUCI_POSTINST
endef

define Build/Prepare
	cp -pR $(CURDIR)/htdocs $(CURDIR)/root $(PKG_BUILD_DIR)/
endef

define Package/$(PKG_NAME)/install
	mkdir -p $(1)/www
	cp -pR $(PKG_BUILD_DIR)/htdocs/* $(1)/www/
	cp -pR $(PKG_BUILD_DIR)/root/* $(1)/
endef

$(eval $(call BuildPackage,$(PKG_NAME)))
